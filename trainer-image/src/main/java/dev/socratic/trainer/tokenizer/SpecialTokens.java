package dev.socratic.trainer.tokenizer;

/** Whether the tokenizer's post-processor adds its special tokens (a leading bos, for most models). */
public enum SpecialTokens {
    ADD,
    NONE
}
