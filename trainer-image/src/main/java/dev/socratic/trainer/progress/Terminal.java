package dev.socratic.trainer.progress;

import java.io.Console;
import java.util.Map;

/** What the standard output leads to. */
public enum Terminal {
    /** A person's screen, where a line can be redrawn. */
    INTERACTIVE,
    /** A file, a pipe or a container's log. */
    PLAIN;

    public static Terminal detect(Map<String, String> environment) {
        boolean dumb = "dumb".equals(environment.get("TERM"));
        return !dumb && isTerminal(System.console()) ? INTERACTIVE : PLAIN;
    }

    /** Since JDK 22 there is a Console for pipes too, and isTerminal, not known to JDK 17, tells them apart. */
    private static boolean isTerminal(Console console) {
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException beforeJdk22) {
            return true;
        } catch (ReflectiveOperationException unknown) {
            return false;
        }
    }
}
