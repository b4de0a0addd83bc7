package dev.socratic.trainer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** Damages files as broken downloads, editors and people with bad intent do. Every damage follows from the seed. */
public final class Damaged {
    private static final List<String> INTRUDERS = List.of(
            "-1",
            "0",
            "1e309",
            "9223372036854775807",
            "2147483648",
            "16777216",
            "null",
            "{}",
            "[]",
            "\"\"",
            "true",
            "\"\\ud800\"",
            "[[[[[[[[",
            "{\"a\":",
            "\u0000",
            ",",
            ":",
            "}",
            "]",
            "\"",
            "\n",
            "{{",
            "\uFFFD",
            "NaN",
            "1.5",
            "\"x\"");

    private final Random random;

    public Damaged(long seed) {
        this.random = new Random(seed);
    }

    /** One to four damages. */
    public byte[] of(byte[] sound) {
        byte[] bytes = sound.clone();
        for (int i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
            bytes = once(bytes);
        }
        return bytes;
    }

    private byte[] once(byte[] bytes) {
        int at = random.nextInt(bytes.length);
        int length = random.nextInt(Math.min(64, bytes.length - at) + 1);
        return switch (random.nextInt(6)) {
            case 0 -> replaced(bytes, at, 1, new byte[] {(byte) random.nextInt(256)});
            case 1 -> replaced(bytes, at, bytes.length - at, new byte[0]);
            case 2 -> replaced(bytes, at, length, new byte[0]);
            case 3 -> replaced(bytes, at, 0, java.util.Arrays.copyOfRange(bytes, at, at + length));
            case 4 -> replaced(bytes, at, 0, intruder());
            default -> value(bytes, at);
        };
    }

    private byte[] intruder() {
        return INTRUDERS.get(random.nextInt(INTRUDERS.size())).getBytes(StandardCharsets.UTF_8);
    }

    /** A whole JSON value after a colon or comma gives way to another. */
    private byte[] value(byte[] bytes, int near) {
        int from = near;
        while (from < bytes.length && ":,[".indexOf(bytes[from]) < 0) {
            from++;
        }
        int to = from + 1;
        while (to < bytes.length && ",]}".indexOf(bytes[to]) < 0) {
            to++;
        }
        return to >= bytes.length ? bytes : replaced(bytes, from + 1, to - from - 1, intruder());
    }

    private static byte[] replaced(byte[] bytes, int at, int length, byte[] by) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, at);
        out.writeBytes(by);
        out.write(bytes, at + length, bytes.length - at - length);
        return out.toByteArray();
    }
}
