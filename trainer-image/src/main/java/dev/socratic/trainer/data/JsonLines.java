package dev.socratic.trainer.data;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The lines of a UTF-8 file, one at a time. A byte order mark at the start, a carriage return at the end of a line and
 * blank lines are skipped; numbers count every line from 1.
 */
final class JsonLines implements AutoCloseable {
    private static final int END = -1;

    private final Path file;
    private final InputStream bytes;
    private int number;

    JsonLines(Path file) throws IOException {
        this.file = file;
        this.bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    }

    /** The next line that is not blank, or null at the end. */
    String next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b;
        do {
            line.reset();
            for (b = bytes.read(); b != END && b != '\n'; b = bytes.read()) {
                line.write(b);
            }
            number++;
            String text = decode(line.toByteArray());
            if (!text.isBlank()) {
                return text;
            }
        } while (b != END);
        return null;
    }

    /** File and line, as editors understand it: {@code train.jsonl:17}. */
    String where() {
        return file.getFileName() + ":" + number;
    }

    private String decode(byte[] line) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(line))
                    .toString();
            return number == 1 && text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new BadData(
                    BadData.what("the line is not UTF-8").where(where()).remedy("save the file as UTF-8"));
        }
    }

    @Override
    public void close() throws IOException {
        bytes.close();
    }
}
