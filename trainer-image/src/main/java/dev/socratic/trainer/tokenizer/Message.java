package dev.socratic.trainer.tokenizer;

/** One turn of a dialogue. Roles are the template's: system, user, assistant. */
public record Message(String role, String content) {
    public static final String ASSISTANT = "assistant";

    public boolean isAssistant() {
        return role.equals(ASSISTANT);
    }

    public Message withContent(String other) {
        return new Message(role, other);
    }
}
