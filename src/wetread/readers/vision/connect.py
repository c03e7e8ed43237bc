"""Settings to pydantic-ai's speakers: one a wire format, each with address, key and client given, never guessed."""

from wetread.readers.vision import extra
from wetread.settings import Provider, VisionSettings

NO_KEY = "none"
# Our schemas are strict and flat as they are: nothing needs to be rewritten on the way, call by call.
ABLE = extra.ModelProfile(
    supports_json_schema_output=True, supports_tools=True, supports_image_input=True, json_schema_transformer=None
)
GATEWAY = extra.OpenAIModelProfile(
    supports_json_schema_output=True,
    supports_tools=True,
    supports_image_input=True,
    json_schema_transformer=None,
    openai_chat_supports_max_completion_tokens=False,
    openai_system_prompt_role="system",
)


def connect(settings: VisionSettings, address: str, key: str | None, http: extra.httpx2.AsyncClient) -> extra.Model:
    """What speaks the endpoint's wire format. Libraries are given all of it: none looks into the environment."""
    told, key = settings.model_id, key or NO_KEY
    match settings.provider:
        case Provider.ANTHROPIC:
            anthropic = extra.AnthropicProvider(api_key=key, base_url=address, http_client=http)
            return extra.AnthropicModel(told, provider=anthropic, profile=ABLE)
        case Provider.GOOGLE:
            google = extra.GoogleProvider(api_key=key, base_url=address, http_client=http)
            return extra.GoogleModel(told, provider=google, profile=ABLE)
        case Provider.OPENAI_RESPONSES:
            openai = extra.OpenAIProvider(api_key=key, base_url=address, http_client=http)
            return extra.OpenAIResponsesModel(told, provider=openai, profile=ABLE)
        case Provider.OPENAI:
            openai = extra.OpenAIProvider(api_key=key, base_url=address, http_client=http)
            return extra.OpenAIChatModel(told, provider=openai, profile=ABLE)
        case _:
            gateway = extra.OpenAICompatibleProvider("gateway", base_url=address, api_key=key, http_client=http)
            return extra.OpenAIChatModel(told, provider=gateway, profile=GATEWAY)
