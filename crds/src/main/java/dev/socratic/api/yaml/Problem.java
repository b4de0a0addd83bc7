package dev.socratic.api.yaml;

/**
 * One thing that is wrong in a resource file.
 *
 * @param line line of the field or value, from 1
 * @param column column of it, from 1
 * @param field path of the field, such as {@code spec.lora.targetModules[2]}; empty for the document
 * @param message what was found, what is allowed and, where it helps, what was probably meant
 */
public record Problem(int line, int column, String field, String message) {
    String in(String file) {
        return file + ":" + line + ":" + column + ": " + (field.isEmpty() ? "" : field + ": ") + message;
    }
}
