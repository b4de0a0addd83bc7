package dev.socratic.trainer.tokenizer;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rewrites a template so that jinjava 2.8 reads it as Jinja2 does:
 *
 * <ul>
 *   <li>white space is settled here, by Jinja2's lexer rules with trim_blocks and lstrip_blocks (jinjava also strips
 *       blanks between two tags of a line), and so are the marks {@code {%-}, {@code -%}} and {@code {%+};
 *   <li>comments are dropped, and one newline at the end of the template (keep_trailing_newline is off);
 *   <li>{@code f(name=a - b)}: jinjava reads {@code (name=a) - b}, so the value gets parentheses;
 *   <li>{@code list[::-1]}: jinjava has no step, so it becomes the filter {@code reverse};
 *   <li>{@code text != false}: jinjava takes a text for a truth value there, so the comparison becomes {@code sameas}.
 * </ul>
 */
final class JinjaSource {
    private static final String REVERSED = "[::-1]";
    private static final Pattern WITH_TRUTH = Pattern.compile("([=!])=\\s*([Ff]alse|[Tt]rue)\\b");
    private static final Pattern END_RAW = Pattern.compile("\\{%[-+]?\\s*endraw\\b");

    private static final Pattern NESTED =
            Pattern.compile("'(?:[^'\\\\]|\\\\.)*'|\"(?:[^\"\\\\]|\\\\.)*\"|\\([^()]*\\)|\\[[^\\[\\]]*\\]");
    private static final Pattern LOOP = Pattern.compile("^\\{%\\s*for\\b");
    private static final Pattern END_LOOP = Pattern.compile("^\\{%\\s*endfor\\b");
    private static final Pattern LOOP_OR_END = Pattern.compile("\\{%[-+]?\\s*(end)?for\\b");
    private static final Pattern CONDITION = Pattern.compile("\\bif\\b");
    private static final Pattern READS_LOOP = Pattern.compile("\\bloop\\b");

    private final String source;
    private final StringBuilder out = new StringBuilder();
    private int at;
    private boolean atLineStart = true;
    private final Deque<Boolean> conditions = new ArrayDeque<>();

    private JinjaSource(String source) {
        this.source = source;
    }

    static String forJinjava(String template) {
        String unix = template.replace("\r\n", "\n").replace('\r', '\n');
        return new JinjaSource(unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix).rewrite();
    }

    private String rewrite() {
        int tag = nextTag(at);
        while (tag < source.length()) {
            out.append(textBefore(tag));
            at = tag;
            if (source.startsWith("{#", at)) {
                comment();
            } else {
                tag(source.startsWith("{{", at) ? "}}" : "%}");
            }
            tag = rawText() ? Math.max(at, endOfRaw()) : nextTag(at);
        }
        return out.append(source, at, source.length()).toString();
    }

    private int nextTag(int from) {
        for (int i = from; i + 1 < source.length(); i++) {
            if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return source.length();
    }

    private boolean rawText() {
        return out.length() >= 6 && out.substring(out.lastIndexOf("{%") + 1).matches("% *raw *%}");
    }

    private int endOfRaw() {
        Matcher end = END_RAW.matcher(source);
        return end.find(at) ? end.start() : source.length();
    }

    /** The text up to a tag, less what the tag's sign or lstrip_blocks takes away. */
    private String textBefore(int tag) {
        String text = source.substring(at, tag);
        char sign = charAt(tag + 2);
        if (sign == '-') {
            return PythonString.rstrip(text);
        }
        int line = text.lastIndexOf('\n') + 1;
        boolean blank = text.substring(line).chars().allMatch(PythonString::isSpace);
        boolean strips = sign != '+' && charAt(tag + 1) != '{' && (line > 0 || atLineStart);
        return strips && blank ? text.substring(0, line) : text;
    }

    private char charAt(int index) {
        return index < source.length() ? source.charAt(index) : '\0';
    }

    private void comment() {
        int end = source.indexOf("#}", at + 2);
        if (end < 0) {
            copy(source.length() - at);
            return;
        }
        char sign = source.charAt(end - 1);
        at = end + 2;
        skipAfter(sign, true);
    }

    private void tag(String close) {
        int start = out.length();
        out.append(source, at, at + 2).append(' ');
        at += "-+".indexOf(charAt(at + 2)) >= 0 ? 3 : 2;
        expression(close, 0);
        char sign = out.charAt(out.length() - 1);
        boolean signed = sign == '-' || sign == '+';
        if (signed) {
            out.setLength(out.length() - 1);
        }
        copy(Math.min(2, source.length() - at));
        loop(start);
        skipAfter(signed ? sign : '\0', close.equals("%}"));
    }

    /**
     * jinjava would run over the condition of {@code for x in list if condition} as if it were not there: it goes into
     * the loop. What the loop's own variable counts would then be wrong, so that a body which reads it fails when it is
     * reached; templates have such loops over tools, which no dialogue has.
     */
    private void loop(int start) {
        String tag = out.substring(start);
        if (END_LOOP.matcher(tag).find()) {
            if (!conditions.isEmpty() && conditions.pop()) {
                out.insert(start, "{% endif %}");
            }
        } else if (LOOP.matcher(tag).find()) {
            String flat = tag;
            for (String flatter = ""; !flatter.equals(flat); ) {
                flatter = flat;
                flat = NESTED.matcher(flat)
                        .replaceAll(nested -> "_".repeat(nested.group().length()));
            }
            Matcher condition = CONDITION.matcher(flat);
            boolean conditional = condition.find();
            conditions.push(conditional);
            if (conditional) {
                out.setLength(start + condition.start());
                out.append(" %}");
                if (READS_LOOP.matcher(bodyFrom(at)).find()) {
                    out.append("{{ unsupported('loop in a {% for %} with a condition') }}");
                }
                out.append("{% if").append(tag.substring(condition.end()));
            }
        }
    }

    /** The source up to the end of the loop whose body begins at a place. */
    private String bodyFrom(int place) {
        Matcher loops = LOOP_OR_END.matcher(source);
        int depth = 1;
        while (depth > 0 && loops.find(place)) {
            depth += loops.group(1) == null ? 1 : -1;
            place = loops.end();
        }
        return source.substring(at, place);
    }

    /** A minus takes all white space after the tag; else trim_blocks takes one newline after a block. */
    private void skipAfter(char sign, boolean block) {
        int from = at;
        if (sign == '-') {
            while (at < source.length() && PythonString.isSpace(source.charAt(at))) {
                at++;
            }
        } else if (block && sign != '+' && charAt(at) == '\n') {
            at++;
        }
        atLineStart = at > from && source.charAt(at - 1) == '\n';
    }

    /** Copies up to {@code close}; inside {@code calls} open brackets also up to the end of one argument. */
    private void expression(String close, int calls) {
        while (at < source.length()) {
            char c = source.charAt(at);
            if (calls > 0 ? ",)]}".indexOf(c) >= 0 : source.startsWith(close, at)) {
                return;
            }
            if (c == '\'' || c == '"') {
                copy(stringLength(c));
            } else if (source.startsWith(REVERSED, at)) {
                out.append("|reverse");
                at += REVERSED.length();
            } else if (comparesWithTruth()) {
                comparisonWithTruth();
            } else if (c == '(' || c == '[' || c == '{') {
                brackets(close, calls);
            } else if (calls > 0 && isNamedArgument()) {
                copy(1);
                out.append('(');
                expression(close, calls);
                out.append(')');
            } else {
                copy(1);
            }
        }
    }

    private boolean comparesWithTruth() {
        return WITH_TRUTH.matcher(source).region(at, source.length()).lookingAt();
    }

    private void comparisonWithTruth() {
        Matcher comparison = WITH_TRUTH.matcher(source).region(at, source.length());
        comparison.lookingAt();
        out.append(comparison.group(1).equals("=") ? " is " : " is not ");
        out.append("sameas ").append(comparison.group(2).toLowerCase(Locale.ROOT));
        at = comparison.end();
    }

    private void brackets(String close, int calls) {
        boolean more = true;
        copy(1);
        while (more && at < source.length()) {
            expression(close, calls + 1);
            more = charAt(at) == ',';
            copy(Math.min(1, source.length() - at));
        }
    }

    private boolean isNamedArgument() {
        return source.charAt(at) == '=' && charAt(at + 1) != '=' && "=!<>".indexOf(source.charAt(at - 1)) < 0;
    }

    private int stringLength(char quote) {
        int end = at + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        return Math.min(end + 1, source.length()) - at;
    }

    private void copy(int length) {
        out.append(source, at, at + length);
        at += length;
    }
}
