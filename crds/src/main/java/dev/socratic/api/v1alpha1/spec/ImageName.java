package dev.socratic.api.v1alpha1.spec;

import java.util.regex.Pattern;

/** The name of a container image, as container runtimes read it. */
public final class ImageName {
    /** What a name may be, in words. */
    public static final String ALLOWED =
            "the name of an image: [HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST], its repository in small letters";

    static final int LONGEST = 512;

    private static final String HOST = "[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:[0-9]+)?/";
    private static final String PART = "[a-z0-9]+(([.]|__?|-+)[a-z0-9]+)*";
    private static final String TAG = ":[a-zA-Z0-9_][-a-zA-Z0-9_.]{0,127}";
    private static final String DIGEST = "@[a-zA-Z0-9+._-]+:[0-9a-fA-F]{32,}";
    private static final String SHAPE = "(" + HOST + ")?" + PART + "(/" + PART + ")*(" + TAG + ")?(" + DIGEST + ")?";
    private static final Pattern PATTERN = Pattern.compile(SHAPE);

    static final String RULE = "self.matches('^" + SHAPE + "$')";
    static final String MESSAGE = "'the image is ' + self + '; allowed: " + ALLOWED + "'";

    private ImageName() {}

    public static boolean isValid(String name) {
        return PATTERN.matcher(name).matches();
    }
}
