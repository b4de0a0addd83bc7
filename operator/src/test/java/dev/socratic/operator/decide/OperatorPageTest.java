package dev.socratic.operator.decide;

import dev.socratic.operator.Page;
import dev.socratic.operator.settings.Setting;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/operator.md draws the state machine and lists events and settings; this holds it to the code. */
class OperatorPageTest {
    @Test
    void pageSaysWhatTheCodeDoes() throws IOException {
        Page page = Page.read()
                .with("transitions", transitions())
                .with("events", events())
                .with("settings", settings());
        page.check();
    }

    private static String transitions() {
        return Transition.TABLE.stream()
                .map(step -> "    %s --> %s%s"
                        .formatted(
                                step.from() == null ? "[*]" : word(step.from().name()),
                                word(step.to().name()),
                                step.reason() == null
                                        ? ""
                                        : ": " + step.reason().text()))
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
}
