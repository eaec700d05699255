"""The demo's people. They exist on the local stack only."""

from nightlatch.domain.value import Value

PASSWORD = "nightlatch-demo-1"  # noqa: S105  # of accounts that exist on this machine only; the documentation names it


class Account(Value):
    """Somebody who can sign in."""

    username: str
    name: str
    group: str

    @property
    def email(self) -> str:
        """Make up an address that can never be anybody's."""
        return f"{self.username}@example.com"


ACCOUNTS = (
    Account(username="maya", name="Maya Cohen", group="developers"),
    Account(username="noa", name="Noa Levi", group="approvers"),
    Account(username="omar", name="Omar Haddad", group="approvers"),
    Account(username="ada", name="Ada Berg", group="admins"),
    Account(username="ivo", name="Ivo Marin", group="auditors"),
)
