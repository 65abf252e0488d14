"""What the tour tells, step by step. The family named in it is of the demonstration; elsewhere, take your own."""

from __future__ import annotations

from dataclasses import dataclass

from mpi.access import Permission


@dataclass(frozen=True, slots=True)
class Step:
    """One stop: the page by its name, the permission that opens it ("" for everybody), and what to look at."""

    title: str
    page: str
    words: str
    permission: str = ""
    arguments: tuple[str, ...] = ()


STEPS = (
    Step(
        "The dashboard",
        "dashboard",
        "How many source records there are, how many persons they are, and what waits for a steward. A golden record "
        "is what the index knows of one person, put together from all their source records.",
    ),
    Step(
        "Find a person",
        "search",
        "Type a name, a birth date, a number or an EUID. In the demonstration, try Kealoha: a family, so you see how "
        "people of one house are kept apart. Looking at a person is written into the audit log, from here on.",
        Permission.PERSON_READ,
    ),
    Step(
        "Register, but look first",
        "register",
        "Before a new patient is created, the index shows who is likely to be the same. Most duplicates are made at "
        "this desk, by not looking.",
        Permission.REGISTER,
    ),
    Step(
        "What waits for you",
        "review-queue",
        "Questions that the index does not dare to answer by itself, the riskiest first, with their age against the "
        "target. Press N to take the next one: it is yours for 15 minutes.",
        Permission.REVIEW,
    ),
    Step(
        "How to decide",
        "help-page",
        "Each type of task, what it means, and what to look at before you answer. A wrong merge is worse than a "
        "duplicate. Every answer can be undone with U.",
        Permission.REVIEW,
        ("tasks",),
    ),
    Step(
        "When two people are asked",
        "proposals",
        "Some acts need a second person: a VIP, a large person, two valid numbers that contradict each other. Whoever "
        "proposes one cannot approve it.",
        Permission.REVIEW,
    ),
    Step(
        "Your team",
        "supervisor",
        "What waits, how fast it is answered, what was taken back, how far two reviewers agree who did not see each "
        "other's answer. In the demonstration two of them disagree often.",
        Permission.SUPERVISE,
    ),
    Step(
        "Where the weights come from",
        "matching",
        "The linkage model in force: what agreement and disagreement of each field weighs, in bits, and why.",
        Permission.MODEL_READ,
    ),
    Step(
        "Who saw and changed what",
        "audit",
        "Every read and every change, sealed so that nobody can rewrite it unseen. Search by person, user or time, and "
        "export with proofs.",
        Permission.AUDIT_READ,
    ),
    Step(
        "Help is always here",
        "help",
        "Task types, the glossary, the keyboard, and pages for compliance and integration. Press ? on any page for its "
        "keys. You can take this tour again from here.",
    ),
)
