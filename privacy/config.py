"""Say what is never kept."""

from typing import Literal

from pydantic import Field, field_validator

from core.errors import Misconfigured
from core.section import Section
from privacy.wanted import Wanted

Mode = Literal["full", "metadata", "minimal"]


class Privacy(Section):
    """Keep secrets and content from being written; what is masked cannot be brought back."""

    mode: Mode = "full"
    """"full" keeps all; "metadata" no text that people or models wrote; "minimal" only what is counted and named."""
    projects: dict[str, Mode] = Field(default_factory=dict)
    """Other modes for some, by `project.key` or `service.namespace` of the resource, such as {web = "metadata"}."""
    secrets: bool = True
    """Mask API keys, tokens, private keys, and values under names such as `password` and `authorization`."""
    emails: bool = False
    """Mask e-mail addresses too, those of users included."""
    names: tuple[str, ...] = ()
    """More names whose values are masked, such as `x-internal-key`."""
    rules: tuple[str, ...] = ()
    """Regular expressions in RE2's syntax, whose time is bounded; what they match in a text is masked."""

    def wanted(self) -> Wanted:
        """Give the same without the configuration's machinery."""
        return Wanted(self.mode, self.projects, self.secrets, self.emails, self.names, self.rules)

    @field_validator("rules")
    @classmethod
    def _compile(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        from privacy.rules import compiled  # it brings the engine, which few configurations need

        for rule in rules:
            try:
                compiled(rule)
            except Misconfigured as error:
                raise ValueError(str(error)) from None
        return rules
