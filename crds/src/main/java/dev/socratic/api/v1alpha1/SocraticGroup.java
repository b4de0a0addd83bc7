package dev.socratic.api.v1alpha1;

/** Names that every part of the project shares. */
public final class SocraticGroup {
    public static final String GROUP = "socratic.dev";
    public static final String VERSION = "v1alpha1";

    private SocraticGroup() {}
}
