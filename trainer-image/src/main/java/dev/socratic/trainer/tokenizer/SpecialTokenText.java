package dev.socratic.trainer.tokenizer;

/** Whether decoded text shows special tokens. The additional ones count as special: {@code SKIP} deletes them too. */
public enum SpecialTokenText {
    SKIP,
    KEEP
}
