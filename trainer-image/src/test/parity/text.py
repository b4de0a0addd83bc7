#!/usr/bin/env python3
"""Writes the golden files of the tokenizer and data tests to src/test/resources/text/.

Needs transformers==5.23.0, tokenizers==0.23.3, jinja2==3.1.6. Every tokenizer, template and dialogue here is our own.
A case is a folder: a model's tokenizer files, train.jsonl, case.json (settings and len(tokenizer)) and golden.jsonl
(input_ids and labels of each line). With a folder of Gemma-2's tokenizer as argument (gemma_tokenizer.sh) it writes the
case gemma2 too, without that tokenizer. templates.json holds small templates with what Jinja2 makes of them.
"""
import json
import pathlib
import sys

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer
from transformers.utils.chat_template_utils import render_jinja_template

OUT = pathlib.Path(__file__).resolve().parent.parent / "resources" / "text"
TEXT = """なぜ空は青いのですか？ 光が空気で散るからです。では、夕方はなぜ赤いのでしょう？
水は何度で沸きますか？ 百度です。山の上でも同じでしょうか？ どうしてそう思いますか？
What makes the sky blue? What do you think happens to the light? Why is that so?
Let us look at the numbers: 12, 24, 36. What comes next, and why do you think so?
""".split("\n") * 3

TURNS = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn, please') }}{% endif %}
{% for message in messages %}
    {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('user and assistant take turns') }}
    {% endif %}
    {% set name = 'model' if message['role'] == 'assistant' else message['role'] %}
{{ '<turn>' + name + '\\n' + message['content'] | trim + '</turn>\\n' }}
{%- endfor %}
{% if add_generation_prompt %}{{ '<turn>model\\n' }}{% endif %}"""
MARKED = """{%- set ns = namespace(turns=messages | length - 1) -%}
{%- for message in messages -%}
    {{- '<|im_start|>' + message.role + '\\n' + message.content -}}
    {{- '<|im_end|>' -}}
    {{- '\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}"""

CONTENTS = [
    "なぜ空は青いのですか？", "散る、から。でしょう！", "、。！？ 、。", "\u3000全角の空白\u3000", "  two  spaces \n", "🚀👩‍🔬🇯🇵", "𠮷野家と𩸽",
    "", " ", "a\tb\n\nc\r\nd", "cafe\u0301 café", "<turn>user\n", "<|im_end|>", "</turn>", "\x00\x07\x1f\x7f\x85", "\u200b\u200d\ufeff",
    "▁x▁", "<0x42>", "{{ bos_token }}{% if %}{# #}", "it's \"quoted\" \\n", "混ぜる mix です。", "<bos>x<eos>", "false", "12", "\U0010fffd",
    "終わり<eos>", "新語と新語。", "물은",
]
HARD = [
    "なぜ空は青いのですか？", "「散る」、から。でしょう！", "、。！？ 、。", "\u3000全角の　空白\u3000", "ﾊﾝｶｸ ｶﾅ ｶﾞ", "㍿㌔①Ⅳ", "が(か\u3099)ぎ", "々〆ヶゝゞ",
    "𠮷野家と𩸽、葛\U000e0100城", "👩‍🔬🇯🇵です。", "ABCＡＢＣ１２３", "x\ty\n\nz", "です。です。です。", "…‥〜～ー―", "<b>タグ</b>", "a  b   c    d",
    "\n改行\n", "a<end_of_turn>b", "先生、「なぜ？」と聞く！！？？", "ｗｗｗ草", "１，２３４円、1,234円", "\u200b零幅\ufeff", "cafe\u0301 café", "한국어 中文 русский",
    "", "　", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。", "いろはにほへと　ちりぬるを", "<unused7>と<pad>", "東京都特許許可局局長",
]


def special(content, id=None):
    flags = {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return flags if id is None else {"id": id, **flags}


def byte_fallback():
    """SentencePiece's shape: spaces as U+2581, unknown characters as bytes, bos by the post-processor."""
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Replace(" ", "▁")
    t.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    named = ["<pad>", "<eos>", "<bos>", "<unk>", "<turn>", "</turn>"]
    data = [f"<0x{b:02X}>" for b in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=480, special_tokens=named + data, show_progress=False)
    t.train_from_iterator(TEXT, trainer)
    t.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    tree = json.loads(t.to_str())
    tree["added_tokens"] = [special(c, i) for i, c in enumerate(named)]
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<bos>", "eos_token": {"__type": "AddedToken", **special("<eos>")},
        "pad_token": "<pad>", "unk_token": "<unk>", "additional_special_tokens": ["<turn>", "</turn>"], "chat_template": TURNS,
        "model_max_length": 1000000000000000019884624838656, "clean_up_tokenization_spaces": False, "a_key_of_the_author": {"kept": [1, 2.5]},
    }
    return tree, config, None


def byte_level():
    """GPT-2's shape: bytes as characters, NFC, no bos; truncation and padding left in the file, which must not act."""
    t = Tokenizer(models.BPE())
    t.normalizer = normalizers.NFC()
    pattern = Regex(r"'s|\p{N}| ?[^\s\p{L}\p{N}]+|[^\r\n\p{L}\p{N}]?\p{L}+|\s*[\r\n]+|\s+")
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(pattern, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    t.train_from_iterator(TEXT, trainer)
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    t.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    t.enable_truncation(7)
    t.enable_padding(length=9)
    tree = json.loads(t.to_str())
    decoder = {str(e["id"]): {k: v for k, v in e.items() if k != "id"} for e in tree["added_tokens"]}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "added_tokens_decoder": decoder, "extra_special_tokens": ["<|im_start|>", "<|im_end|>"]}
    return tree, config, MARKED


def lines(contents):
    n = len(contents)
    rows = [{"text": c} for c in contents]
    for i, c in enumerate(contents):
        turns = [("user", c), ("assistant", contents[(i * 5 + 3) % n])]
        if i % 2:
            turns += [("user", contents[(i * 3 + 1) % n]), ("assistant", "  " + c + " \n")]
        rows.append({"messages": [{"role": r, "content": t} for r, t in turns]})
        rows.append({"prompt": c, "completion": contents[(i * 7 + 2) % n]})
    rows.append({"prompt": "なぜ空は青いので", "completion": "すか？"})  # the boundary falls into a merged token
    rows.append({"prompt": "What do yo", "completion": "u think so?", "source": "kept apart"})
    return rows


def example(t, row, loss, limit, header, marker, trims):
    if "messages" in row:
        text = t.apply_chat_template(row["messages"], tokenize=False)
        enc = t(text, add_special_tokens=False, return_offsets_mapping=True)
        spans = []
        for i, m in enumerate(row["messages"]):
            if m["role"] == "assistant":
                start = len(t.apply_chat_template(row["messages"][:i], tokenize=False)) + len(header)
                content = m["content"].strip() if trims else m["content"]
                assert text[start:].startswith(content + marker), (text, start)
                spans.append((start, start + len(content + marker)))
        keep = [loss == "all" or any(max(a, s) < min(b, e) for s, e in spans) for a, b in enc["offset_mapping"]]
    else:
        text = row["text"] if "text" in row else row["prompt"] + row["completion"]
        enc = t(text if text.endswith(t.eos_token) else text + t.eos_token, return_offsets_mapping=True)
        keep = [True] * len(enc["input_ids"])
        if "prompt" in row and loss != "all":
            first = next((i for i, (_, b) in enumerate(enc["offset_mapping"]) if b > len(row["prompt"])), len(keep))
            keep = [i >= first for i in range(len(keep))]
    ids = enc["input_ids"]
    return {"input_ids": ids[:limit], "labels": [x if k else -100 for x, k in zip(ids, keep)][:limit]}


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")


def case(name, model, added, loss, limit, header, marker, trims):
    tree, config, template = model
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "tokenizer.json", tree)
    write(folder / "tokenizer_config.json", config)
    if template:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    write_case(name, AutoTokenizer.from_pretrained(folder), lines(CONTENTS), added, loss, limit, header, marker, trims)


def write_case(name, t, rows, added, loss, limit, header, marker, trims):
    folder = OUT / name
    if added:
        t.add_special_tokens({"additional_special_tokens": added})
    dump = lambda row: json.dumps(row, ensure_ascii=bool(len(json.dumps(row)) % 2))
    (folder / "train.jsonl").write_text("".join(dump(r) + "\n" for r in rows), encoding="utf-8", newline="\n")
    golden = [example(t, r, loss, limit, header, marker, trims) for r in rows]
    (folder / "golden.jsonl").write_text("".join(json.dumps(g, separators=(",", ":")) + "\n" for g in golden), encoding="utf-8")
    samples = [g["input_ids"] for g in golden[:12]]
    decoded = [{"ids": s, "kept": t.decode(s), "skipped": t.decode(s, skip_special_tokens=True)} for s in samples]
    write(folder / "case.json", {"additionalSpecialTokens": added, "loss": loss, "maxSequenceLength": limit, "size": len(t), "decoded": decoded})
    print(name, len(rows), "lines,", len(t), "tokens")


def gemma(source):
    """The real tokenizer, which gemma_tokenizer.sh fetches; only what is made of it is kept."""
    folder = OUT / "gemma2"
    folder.mkdir(parents=True, exist_ok=True)
    template = TURNS.replace("<turn>", "<start_of_turn>").replace("</turn>", "<end_of_turn>")
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    t = AutoTokenizer.from_pretrained(source)
    t.chat_template = template
    write_case("gemma2", t, lines(HARD), ["。", "、", "！", "？", "新語"], "assistant", 200, "<start_of_turn>model\n", "<end_of_turn>", True)


TEMPLATES = [
    TURNS,
    MARKED,
    "{% for m in messages %}\n  {% if loop.first %}\n<{{ m.role }}>\n  {%- else -%}\n  | {{ m.content }}\n  {% endif %}\n{% endfor %}\nend\n",
    "{{ '[' ~ messages | length ~ ']' }}{% for m in messages[1:] %}{{ m['content'].strip() }}{{ loop.index }}{{ ',' if not loop.last }}{% endfor %}",
    "{% for m in messages[::-1] %}{{ m.role[0] }}{{ m.content.split('x')[-1].lstrip('\\n') }}{{ 1 if m.content.startswith('a') else 0 }};{% endfor %}",
    "{% if tools is defined and tools %}T{% elif messages[0].content is string %}S{% else %}?{% endif %}{% if not custom is defined %}{% set custom = none %}{% endif %}{{ 'N' if custom is none }}",
    "{% set ns = namespace(n=0, seen=messages | length - 1, t='') %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% set ns.t = ns.t + m.content | trim | upper %}{% endfor %}{{ ns.n }}/{{ ns.seen }} {{ ns.t }}",
    "{% if messages[0]['role'] == 'system' %}{% set head = messages[0]['content'] + '\n\n' %}{% set rest = messages[1:] %}{% else %}{% set head = '' %}{% set rest = messages %}{% endif %}{% for m in rest %}{{ (head if loop.first else '') + m.content }}\n{% endfor %}",
    "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{{ eos_token }}{% endgeneration %}{% else %}[{{ m.content }}]{% endif %}{% endfor %}",
    "{% macro turn(role, text) %}<{{ role }}>{{ text | trim }}{% endmacro %}{% for m in messages %}{{ turn(m.role, m.content) }}{% endfor %}",
    "{% for m in messages | rejectattr('role', 'equalto', 'system') %}{{ loop.index0 }}:{{ m.content | replace('a', 'b') }} {% endfor %}{% raw %}{{ raw }}{% endraw %}",
    "{{ messages | tojson }}{{ messages | selectattr('role', 'equalto', 'user') | list | length }}{{ messages | map(attribute='role') | join('+') }}",
    "{% for m in messages %}{{ raise_exception('Role ' + m.role + ' is not for me') if m.role == 'system' }}{{ m.content }}{% endfor %}",
    "{% for m in messages %}\n  {%+ if true %} {{ m.role }} {% endif +%}\n  {#- c -#}  \n {{- m.content -}} \n {# d #}\n{% endfor %}  \n{% if true -%}  x {%- endif %}\n\n",
    "{% for m in messages if m.role == 'user' and (m.content if m.content else 'x') %}\n  [{{ m.content }}]\n  {%- for n in messages %}{{ n.role[0] }}{% endfor %}\n{% endfor %}",
    "{% if tools %}{% for k, v in tools.items() if k != 'x' %}{{ loop.index }}{{ k }}{% endfor %}{% endif %}{% for m in messages | list if m.role != 'user' %}{{ m.role }},{% endfor %}.",
    "{% set a = 'x' %}{% for m in messages %}{% set a = m.content %}{% endfor %}{{ a }}{{ 7 // 2 }}{{ 7 % 2 }}{{ 'in' if 'b' in messages[0].content }}{{ 'has' if 'content' in messages[0] }}{{ messages[0].get('name', 'none') }}",
    "{% set closed = false %}{% for m in messages %}{{ 'shown' if m.content != false and m.role != true else 'hidden' }}{{ 'closed' if closed == False }}{% if closed != true %},{% endif %}{% endfor %}",
]


def templates():
    talks = [
        [("user", "なぜ？"), ("assistant", " axb\n")],
        [("system", "  先生 "), ("user", "a {{ x }}"), ("assistant", "\u3000b\u001c{% if %}")],
        [("user", "it's \"q\" \\n"), ("assistant", ""), ("user", "1"), ("assistant", "axxa")],
    ]
    out = []
    for template in TEMPLATES:
        for talk in talks:
            messages = [{"role": r, "content": c} for r, c in talk]
            for prompt in (False, True):
                entry = {"template": template, "messages": messages, "addGenerationPrompt": prompt}
                try:
                    entry["text"] = render_jinja_template([messages], chat_template=template, add_generation_prompt=prompt, bos_token="<bos>", eos_token="<eos>")[0][0]
                except Exception as e:
                    entry["refusal"] = str(e)
                out.append(entry)
    write(OUT / "templates.json", out)
    print(len(out), "templates,", sum("refusal" in e for e in out), "refusals")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) > 1:
        gemma(sys.argv[1])
    case("byte-fallback", byte_fallback(), ["。", "、", "！", "？", "新語", "新"], "assistant", 64, "<turn>model\n", "</turn>", True)
    case("byte-level", byte_level(), ["。", "です", "<|im_end|>"], "assistant", 40, "<|im_start|>assistant\n", "<|im_end|>", False)
    case("all-tokens", byte_fallback(), [], "all", 30, "<turn>model\n", "</turn>", True)
    templates()
