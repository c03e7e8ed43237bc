"""The optional libraries of the extra `vision`, imported in one place."""

from wetread.errors import MissingExtra

try:
    import httpx2
    from pydantic_ai import exceptions
    from pydantic_ai.direct import model_request
    from pydantic_ai.messages import (
        BinaryContent,
        ModelMessage,
        ModelRequest,
        ModelResponse,
        SystemPromptPart,
        TextPart,
        ToolCallPart,
        UserPromptPart,
    )
    from pydantic_ai.models import Model, ModelRequestParameters
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.output import OutputObjectDefinition
    from pydantic_ai.profiles import ModelProfile
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.google import GoogleProvider
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
    from pydantic_ai.settings import ModelSettings
    from pydantic_ai.tools import ToolDefinition
except ImportError as gone:  # the message names the extra, not a package nobody asked for
    raise MissingExtra("vision models need further packages: pip install 'wetread[vision]'") from gone

__all__ = [
    "AnthropicModel",
    "AnthropicProvider",
    "BinaryContent",
    "GoogleModel",
    "GoogleProvider",
    "Model",
    "ModelMessage",
    "ModelProfile",
    "ModelRequest",
    "ModelRequestParameters",
    "ModelResponse",
    "ModelSettings",
    "OpenAIChatModel",
    "OpenAICompatibleProvider",
    "OpenAIModelProfile",
    "OpenAIProvider",
    "OpenAIResponsesModel",
    "OutputObjectDefinition",
    "SystemPromptPart",
    "TextPart",
    "ToolCallPart",
    "ToolDefinition",
    "UserPromptPart",
    "exceptions",
    "httpx2",
    "model_request",
]
