package dev.socratic.trainer.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/** Methods of Python's str, for templates that were written for Jinja2. */
public final class PythonString {
    private PythonString() {}

    /** str.isspace(): wider than Java's whitespace by U+0085, U+00A0, U+2007 and U+202F. */
    public static boolean isSpace(int c) {
        return c >= 0x09 && c <= 0x0D
                || c >= 0x1C && c <= 0x20
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || c >= 0x2000 && c <= 0x200A
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    public static String strip(String text) {
        return lstrip(rstrip(text));
    }

    public static String lstrip(String text) {
        return lstrip(text, PythonString::isSpace);
    }

    public static String rstrip(String text) {
        return rstrip(text, PythonString::isSpace);
    }

    private static String lstrip(String text, IntPredicate drop) {
        int start = 0;
        while (start < text.length() && drop.test(text.codePointAt(start))) {
            start += Character.charCount(text.codePointAt(start));
        }
        return text.substring(start);
    }

    private static String rstrip(String text, IntPredicate drop) {
        int end = text.length();
        while (end > 0 && drop.test(text.codePointBefore(end))) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(0, end);
    }

    /**
     * Calls {@code text.method(arguments)}.
     *
     * @throws IllegalArgumentException for a method that is not here
     */
    static Object call(String text, String method, List<Object> arguments) {
        String first = arguments.isEmpty() || arguments.get(0) == null
                ? null
                : arguments.get(0).toString();
        IntPredicate drop = first == null ? PythonString::isSpace : c -> first.indexOf(c) >= 0;
        return switch (method) {
            case "strip" -> lstrip(rstrip(text, drop), drop);
            case "lstrip" -> lstrip(text, drop);
            case "rstrip" -> rstrip(text, drop);
            case "split" -> split(text, first, limit(arguments));
            case "startswith" -> text.startsWith(first);
            case "endswith" -> text.endsWith(first);
            case "removeprefix" -> text.startsWith(first) ? text.substring(first.length()) : text;
            case "removesuffix" -> text.endsWith(first) ? text.substring(0, text.length() - first.length()) : text;
            case "replace" -> text.replace(first, arguments.get(1).toString());
            case "find" -> text.indexOf(first);
            case "count" -> text.split(Pattern.quote(first), -1).length - 1;
            case "upper" -> text.toUpperCase(Locale.ROOT);
            case "lower" -> text.toLowerCase(Locale.ROOT);
            case "capitalize" ->
                text.isEmpty()
                        ? text
                        : text.substring(0, 1).toUpperCase(Locale.ROOT)
                                + text.substring(1).toLowerCase(Locale.ROOT);
            case "isdigit" -> !text.isEmpty() && text.chars().allMatch(Character::isDigit);
            case "isspace" -> !text.isEmpty() && text.chars().allMatch(PythonString::isSpace);
            default -> throw new IllegalArgumentException("the string method " + method + "() is not supported here");
        };
    }

    private static int limit(List<Object> arguments) {
        return arguments.size() < 2 ? -1 : ((Number) arguments.get(1)).intValue();
    }

    /** {@code limit} is the most cuts, -1 for all; without a separator runs of white space cut, as in Python. */
    private static List<Object> split(String text, String separator, int limit) {
        List<Object> parts = new ArrayList<>();
        String rest = separator == null ? lstrip(text) : text;
        while (limit < 0 || parts.size() < limit) {
            int cut = separator == null ? firstSpace(rest) : rest.indexOf(separator);
            if (cut < 0) {
                break;
            }
            parts.add(rest.substring(0, cut));
            rest = separator == null ? lstrip(rest.substring(cut)) : rest.substring(cut + separator.length());
        }
        if (separator != null || !rest.isEmpty()) {
            parts.add(rest);
        }
        return parts;
    }

    private static int firstSpace(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (isSpace(text.charAt(i))) {
                return i;
            }
        }
        return -1;
    }
}
