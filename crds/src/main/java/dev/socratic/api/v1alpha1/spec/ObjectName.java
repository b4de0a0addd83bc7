package dev.socratic.api.v1alpha1.spec;

import java.util.regex.Pattern;

/** The name of an object of a cluster: an RFC 1123 subdomain, as the API server has it. */
public final class ObjectName {
    /** What a name may be, in words. */
    public static final String ALLOWED =
            "the name of an object: small letters, digits, - and ., with a letter or digit first and last";

    static final int LONGEST = 253;

    private static final String SHAPE = "[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
    private static final Pattern PATTERN = Pattern.compile(SHAPE);

    static final String RULE = "self.matches('^" + SHAPE + "$')";
    static final String MESSAGE = "'the name is ' + self + '; allowed: " + ALLOWED + "'";

    private ObjectName() {}

    public static boolean isValid(String name) {
        return PATTERN.matcher(name).matches();
    }
}
