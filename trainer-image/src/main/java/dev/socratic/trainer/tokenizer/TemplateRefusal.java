package dev.socratic.trainer.tokenizer;

/** The chat template said no to a dialogue, in its own words (raise_exception). */
public final class TemplateRefusal extends RuntimeException {
    TemplateRefusal(String message) {
        super(message);
    }
}
