package dev.socratic.operator.decide;

import dev.socratic.operator.Golden;
import dev.socratic.operator.settings.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/operator.md draws the state machine and lists events and settings; this holds it to the code. */
class OperatorPageTest {
    private static final Path PAGE = Path.of("../docs/operator.md");

    @Test
    void pageSaysWhatTheCodeDoes() throws IOException {
        String page = Files.readString(PAGE);
        page = replace(page, "transitions", transitions());
        page = replace(page, "events", events());
        page = replace(page, "settings", settings());
        Golden.check(PAGE, page);
    }

    private static String transitions() {
        return Transition.TABLE.stream()
                .map(step -> "    %s --> %s: %s"
                        .formatted(
                                step.from() == null ? "[*]" : word(step.from().name()),
                                word(step.to().name()),
                                step.reason().text()))
                .collect(Collectors.joining("\n", "```mermaid\nstateDiagram-v2\n", "\n```"));
    }

    private static String events() {
        return Arrays.stream(EventReason.values())
                .map(reason -> "| %s | %s | %s |"
                        .formatted(reason.text(), reason.type().text(), reason.meaning()))
                .collect(Collectors.joining("\n", "| reason | type | when |\n|---|---|---|\n", ""));
    }

    private static String settings() {
        return Arrays.stream(Setting.values())
                .map(setting -> "| `%s` | %s | %s |"
                        .formatted(
                                setting.variable(),
                                setting.defaultValue().isEmpty() ? "" : "`" + setting.defaultValue() + "`",
                                setting.purpose()))
                .collect(Collectors.joining("\n", "| variable | default | meaning |\n|---|---|---|\n", ""));
    }

    private static String word(String name) {
        return name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT);
    }

    private static String replace(String page, String block, String text) {
        String begin = "<!-- " + block + " -->\n";
        String end = "\n<!-- end of " + block + " -->";
        int from = page.indexOf(begin);
        int to = page.indexOf(end);
        if (from < 0 || to < 0) {
            throw new IllegalStateException(PAGE + " lacks the block " + block);
        }
        return page.substring(0, from + begin.length()) + text + page.substring(to);
    }
}
