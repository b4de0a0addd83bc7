"""Writes the quickstart's dialogues from the hand-written knowledge beside this file.

    python make_dialogues.py

reads   subjects.txt, guiding-questions.txt
writes  base.jsonl            the tutor answers with a statement, or with a question if asked for one: make_model.py's text
        socratic.jsonl        the tutor answers with a question: the dataset of finetune.yaml
        socratic-eval.jsonl   the same for subjects that socratic.jsonl never mentions: its evalUri
checks  finetune.yaml         that evaluation.prompts has one question on each of those subjects

Needs nothing but Python 3.10 or newer. The same inputs give the same files, byte for byte.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
SEED = 20
HELD_BACK_PER_KIND = 2

# A pupil's turn is an opening and what he asks: what {} is, or a question of his own, {}.
# The model is trained on the first lists and tested on the NEW ones.
OPENINGS = ["先生、", "質問です。", "あの、", "すみません、", "ねえ、"]
NEW_OPENING = "こんにちは。"
ASKS = [
    "{}とは何ですか？",
    "{}について教えてください。",
    "{}って何ですか？",
    "{}とはどのようなものですか？",
    "{}を説明してください。",
    "{}は何ですか？",
    "{}のことを知りたいです。",
    "{}がよくわかりません。",
    "{}って何？",
    "{}とは、どういうものですか？",
    "{}ってどんなもの？",
    "{}を教えてください。",
    "{}の説明をお願いします。",
    "{}について知りたいです。",
]
NEW_ASKS = ["{}とは何でしょうか？", "{}のことを教えてもらえますか？", "{}とはどんなものですか？"]
QUESTIONS = ["{}？", "{}？教えてください。"]
# How a pupil asks for a question on {}: the only turns that the model answers with one before it is tuned.
QUIZZES = ["{}について、問いを一つ出してください。", "{}の問題を出してください。", "{}について、考える問いをください。"]

BASE_ASKS, BASE_QUESTIONS, SOCRATIC_ASKS = 6, 3, 2
TWO_TURN_SHARE = 0.2


@dataclass(frozen=True)
class Subject:
    kind: str
    name: str
    statement: str
    question: str
    answer: str


def sections(path: Path) -> dict[str, list[str]]:
    """Lines by the [heading] they stand under, in the file's order; '#' starts a comment."""
    found: dict[str, list[str]] = {}
    heading = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            heading = line.strip("[]")
            found[heading] = []
        elif heading:
            found[heading].append(line)
        else:
            raise ValueError(f"{path.name}:{number}: a line before the first [heading]")
    return found


def read_subjects() -> list[Subject]:
    subjects = []
    for kind, lines in sections(FOLDER / "subjects.txt").items():
        for line in lines:
            name, definition, question, answer = line.split("|")
            subjects.append(Subject(kind, name, f"{name}は、{definition}", question, answer))
    return subjects


def choose_held_back(subjects: list[Subject]) -> list[Subject]:
    """Some subjects of each kind that tuning never sees, with names long enough to be recognised in a reply."""
    chosen = []
    for kind in dict.fromkeys(subject.kind for subject in subjects):
        candidates = [s for s in subjects if s.kind == kind and len(s.name) >= 2]
        chosen += random.Random(f"{SEED} {kind}").sample(candidates, HELD_BACK_PER_KIND)
    return chosen


def turns(*contents: str) -> dict:
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]}


def pupils_turns(count: int, bodies: list[str], about: str, rng: random.Random) -> list[str]:
    """That many different turns of a pupil."""
    opened = [opening + body.format(about) for opening in OPENINGS for body in bodies]
    plain = [body.format(about) for body in bodies]
    chosen = rng.sample(plain, min(len(plain), (count + 1) // 2))
    return chosen + rng.sample(opened, count - len(chosen))


def base_dialogues(subject: Subject, guides: list[str], rng: random.Random) -> list[dict]:
    asks = pupils_turns(BASE_ASKS, ASKS, subject.name, rng)
    questions = pupils_turns(BASE_QUESTIONS, QUESTIONS, subject.question, rng)
    quizzes = [quiz.format(subject.name) for quiz in QUIZZES]
    return (
        [turns(ask, subject.statement) for ask in asks]
        + [turns(question, subject.answer) for question in questions]
        + [turns(quiz, guide.format(subject.name)) for quiz, guide in zip(quizzes, rng.sample(guides, len(quizzes)))]
        + [turns(asks[0], subject.statement, questions[0], subject.answer)] * (rng.random() < TWO_TURN_SHARE)
    )


def socratic_dialogues(subject: Subject, guides: list[str], rng: random.Random) -> list[dict]:
    said = pupils_turns(SOCRATIC_ASKS, ASKS, subject.name, rng) + pupils_turns(1, QUESTIONS, subject.question, rng)
    return [turns(turn, guide.format(subject.name)) for turn, guide in zip(said, rng.sample(guides, len(said)))]


def write_jsonl(name: str, dialogues: list[dict]) -> None:
    lines = (json.dumps(dialogue, ensure_ascii=False, separators=(",", ":")) for dialogue in dialogues)
    (FOLDER / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def check_prompts(prompts: list[str]) -> None:
    text = (FOLDER / "finetune.yaml").read_text(encoding="utf-8")
    missing = [prompt for prompt in prompts if f'"{prompt}"' not in text]
    if missing:
        wanted = "\n".join(f'      - "{prompt}"' for prompt in prompts)
        raise SystemExit(f"finetune.yaml lacks {len(missing)} held-back questions; evaluation.prompts should be\n{wanted}")


def main() -> None:
    rng = random.Random(SEED)
    subjects = read_subjects()
    guides = sections(FOLDER / "guiding-questions.txt")
    held_back = choose_held_back(subjects)

    base = [dialogue for subject in subjects for dialogue in base_dialogues(subject, guides[subject.kind], rng)]
    socratic, evaluation = [], []
    for subject in subjects:
        target = evaluation if subject in held_back else socratic
        target += socratic_dialogues(subject, guides[subject.kind], rng)
    rng.shuffle(base)
    rng.shuffle(socratic)
    prompts = [
        rng.choice(ASKS).format(subject.name) if i % 2 else subject.question + "？"
        for i, subject in enumerate(held_back)
    ]

    write_jsonl("base.jsonl", base)
    write_jsonl("socratic.jsonl", socratic)
    write_jsonl("socratic-eval.jsonl", evaluation)
    check_prompts(prompts)
    print(f"{len(subjects)} subjects, {len(held_back)} held back; "
          f"{len(base)} base, {len(socratic)} socratic, {len(evaluation)} evaluation dialogues")


if __name__ == "__main__":
    main()
