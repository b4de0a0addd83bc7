package dev.socratic.trainer.failure;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import java.util.regex.Pattern;

/** What is wrong with text that should be JSON, for people: Jackson's words without its own reading positions. */
public final class JsonErrors {
    private static final Pattern READING_POSITION = Pattern.compile(" \\([^()\\[]*\\[Source:[^\\]]*\\]\\)");

    private JsonErrors() {}

    /** Line, column and what was met there; of another error its own words. */
    public static String describe(Exception e) {
        if (!(e instanceof JacksonException json)) {
            return e.toString();
        }
        String what = READING_POSITION.matcher(json.getOriginalMessage()).replaceAll("");
        JsonLocation at = json.getLocation();
        return at == null ? what : "line %d, column %d: %s".formatted(at.getLineNr(), at.getColumnNr(), what);
    }
}
