"""What the judge can find."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "two_owners": "an address was two owners' at once",
    "rest_cut_short": "a released address was given away before it had rested",
    "lost": "an allocation was acknowledged, and the service does not know it in the end",
    "release_lost": "a release was acknowledged, and the address is still its owner's in the end",
    "stray": "somebody has an address in the end who never asked for it, or was refused it",
    "answers_differ": "a call repeated with the same key got another answer",
    "wrong_answer": "an answer is not what was asked for",
    "wrong_read": "an address was shown with an owner that it could not have then",
    "needless_full": "a pool was said to be full while it had enough addresses",
    "bad_history": "the clients themselves did what no client does",
}


@dataclass(frozen=True)
class Violation:
    kind: str
    text: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(self.kind)

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"
