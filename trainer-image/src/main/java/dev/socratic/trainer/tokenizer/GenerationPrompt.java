package dev.socratic.trainer.tokenizer;

/** Whether the rendered dialogue ends with the header of an assistant turn yet to come (add_generation_prompt). */
public enum GenerationPrompt {
    ADD,
    NONE
}
