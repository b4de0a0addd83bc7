"""Loads the quickstart's adapter as a user of Python PEFT would and compares its replies with the trainer's own.

usage: load_adapter.py QUICKSTART_FOLDER ADAPTER_FOLDER   (torch, transformers, peft; CPU)
The base model is loaded without quantization, so single replies may differ from the trainer's; what has to hold is
that PEFT takes the files as they are and that the tuned tutor asks.
"""
import json
import os
import sys

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

quickstart, adapter = sys.argv[1:3]
with open(os.path.join(adapter, "replies.json"), encoding="utf-8") as file:
    replies = json.load(file)

torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(adapter)
base = AutoModelForCausalLM.from_pretrained(os.path.join(quickstart, "model"), dtype=torch.float32, attn_implementation="eager")
model = PeftModel.from_pretrained(base, adapter).eval()
structure = [tokenizer.convert_tokens_to_ids(t) for t in ("<bos>", "<eos>", "<pad>", "<start_of_turn>", "<end_of_turn>")]


def reply(prompt):
    turn = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = model.generate(**turn, max_new_tokens=64, do_sample=False, eos_token_id=[tokenizer.eos_token_id, structure[-1]], pad_token_id=tokenizer.pad_token_id)
    ids = [i for i in out[0, turn["input_ids"].shape[1]:].tolist() if i not in structure]
    return tokenizer.decode(ids, skip_special_tokens=False).strip()


asked = same = 0
for row in replies["prompts"]:
    got = reply(row["prompt"])
    asked += got.endswith(("？", "?", "か。"))
    same += got == row["after"]
of = len(replies["prompts"])
print(f"PEFT: {asked} of {of} replies are questions; {same} of {of} equal the trainer's to the letter")
print(f"for example: {row['prompt']} -> {got}")
if asked < 0.9 * of or replies["questions"]["after"] < 0.9 * of or replies["questions"]["before"] > 0.1 * of:
    sys.exit(f"the tuned model does not ask: PEFT {asked}, trainer {replies['questions']} of {of}")
