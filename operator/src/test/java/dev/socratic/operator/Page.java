package dev.socratic.operator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** docs/operator.md, whose tables come from the code. */
public record Page(String text) {
    private static final Path FILE = Path.of("../docs/operator.md");

    public static Page read() throws IOException {
        return new Page(Files.readString(FILE));
    }

    /** The page with another text in one of its blocks. */
    public Page with(String block, String content) {
        String begin = "<!-- " + block + " -->\n";
        String end = "\n<!-- end of " + block + " -->";
        int from = text.indexOf(begin);
        int to = text.indexOf(end);
        if (from < 0 || to < 0) {
            throw new IllegalStateException(FILE + " lacks the block " + block);
        }
        return new Page(text.substring(0, from + begin.length()) + content + text.substring(to));
    }

    /** Fails if the page says something else. */
    public void check() throws IOException {
        Golden.check(FILE, text);
    }
}
