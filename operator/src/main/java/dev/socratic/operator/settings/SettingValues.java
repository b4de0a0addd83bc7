package dev.socratic.operator.settings;

import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Typed reading of settings from a map of variables. */
record SettingValues(Map<String, String> environment) {
    private static final Pattern DURATION = Pattern.compile("(\\d+)(ms|s|m|h)");

    String text(Setting setting) {
        return environment
                .getOrDefault(setting.variable(), setting.defaultValue())
                .trim();
    }

    Optional<String> optional(Setting setting) {
        return Optional.of(text(setting)).filter(value -> !value.isEmpty());
    }

    String choice(Setting setting, List<String> choices) {
        if (!choices.contains(text(setting))) {
            throw new InvalidSetting(setting, text(setting), "one of " + String.join(", ", choices));
        }
        return text(setting);
    }

    /** Values that are separated by commas; none if the text is empty. */
    List<String> list(Setting setting) {
        return Arrays.stream(text(setting).split(","))
                .map(String::trim)
                .filter(value -> !value.isEmpty())
                .distinct()
                .toList();
    }

    int count(Setting setting) {
        return number(setting, 1, 1024);
    }

    int port(Setting setting) {
        return number(setting, 0, 65535);
    }

    Duration duration(Setting setting) {
        Matcher matcher = DURATION.matcher(text(setting));
        if (!matcher.matches()) {
            throw new InvalidSetting(setting, text(setting), "a number followed by ms, s, m or h");
        }
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            default -> Duration.ofHours(amount);
        };
    }

    Quantity quantity(Setting setting) {
        try {
            Quantity quantity = Quantity.parse(text(setting));
            Quantity.getAmountInBytes(quantity);
            return quantity;
        } catch (IllegalArgumentException notAQuantity) {
            throw new InvalidSetting(setting, text(setting), "a Kubernetes quantity");
        }
    }

    private int number(Setting setting, int least, int most) {
        try {
            int number = Integer.parseInt(text(setting));
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // told below, as a number out of range is
        }
        throw new InvalidSetting(setting, text(setting), "a number from %d to %d".formatted(least, most));
    }
}
