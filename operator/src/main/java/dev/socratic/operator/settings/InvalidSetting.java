package dev.socratic.operator.settings;

/** A setting whose value cannot be read. */
public final class InvalidSetting extends IllegalArgumentException {
    InvalidSetting(Setting setting, String value, String allowed) {
        super("%s is \"%s\", but must be %s, such as %s. %s"
                .formatted(setting.variable(), value, allowed, setting.defaultValue(), setting.purpose()));
    }
}
