package dev.socratic.local.view;

import java.time.Duration;

/** Ages as kubectl writes them: {@code 45s}, {@code 3m10s}, {@code 4h}, {@code 2d5h}. */
final class HumanDuration {
    private HumanDuration() {}

    static String text(Duration age) {
        long seconds = age.toSeconds();
        if (seconds < 0) {
            return seconds < -1 ? "<invalid>" : "0s";
        }
        if (seconds < 120) {
            return seconds + "s";
        }
        long minutes = seconds / 60;
        if (minutes < 10) {
            return pair(minutes, "m", seconds % 60, "s");
        }
        if (minutes < 180) {
            return minutes + "m";
        }
        long hours = minutes / 60;
        if (hours < 8) {
            return pair(hours, "h", minutes % 60, "m");
        }
        if (hours < 48) {
            return hours + "h";
        }
        long days = hours / 24;
        return days < 8 ? pair(days, "d", hours % 24, "h") : days + "d";
    }

    private static String pair(long large, String largeUnit, long small, String smallUnit) {
        return large + largeUnit + (small == 0 ? "" : small + smallUnit);
    }
}
