package dev.socratic.local;

/** A local run cannot start or go on; the message is for the person who started it. */
final class LocalFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int CONFIGURATION = 64;
    private static final int INTERNAL = 70;

    private final int exitCode;

    private LocalFailure(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    static LocalFailure configuration(String message) {
        return new LocalFailure(CONFIGURATION, message);
    }

    static LocalFailure internal(String message) {
        return new LocalFailure(INTERNAL, message);
    }

    int exitCode() {
        return exitCode;
    }
}
