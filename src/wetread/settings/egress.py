"""What a site's studies are, and how pictures and text are cleared before they leave."""

from pydantic import BaseModel, ConfigDict, Field

from wetread.domain.egress import DataClass


class EgressSettings(BaseModel):
    """`[egress]`: the class of the site's data. Unknown data goes to endpoints on the site alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_class: DataClass = Field(DataClass.UNKNOWN, description="what the studies are, for the egress policy")
    licence_allows_third_parties: bool = Field(
        False, description="public or synthetic data: its licence allows processing by others"
    )
    text_in_pixels: str = Field(
        "mask", pattern="^(mask|refuse)$", description="mask text found in pictures, or refuse such pictures"
    )
