package dev.socratic.operator.decide;

/** Other programs' messages between sentences of ours. */
final class Sentences {
    private Sentences() {}

    /** With a full stop, unless there is nothing to end. */
    static String ended(String text) {
        String stripped = text == null ? "" : text.strip();
        return stripped.isEmpty() || stripped.endsWith(".") ? stripped : stripped + ".";
    }
}
