package dev.socratic.trainer.storage;

/** A secret that cannot be printed by accident. */
record AccessToken(String value) {
    @Override
    public String toString() {
        return "***";
    }
}
