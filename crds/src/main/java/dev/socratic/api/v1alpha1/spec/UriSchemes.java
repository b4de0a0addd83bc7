package dev.socratic.api.v1alpha1.spec;

import java.util.List;

/**
 * Which URI schemes a field takes. The CRD refuses file://, which names a place on somebody's machine; files on the
 * command line may use it.
 */
public enum UriSchemes {
    MODEL(UriSchemes.MODEL_SCHEMES),
    DATASET(UriSchemes.DATASET_SCHEMES),
    OUTPUT(UriSchemes.OUTPUT_SCHEMES);

    private static final String MODEL_SCHEMES = "hf|pvc|s3|https|oci";
    private static final String DATASET_SCHEMES = "configmap|pvc|hf|s3|https|oci";
    private static final String OUTPUT_SCHEMES = "pvc|oci|s3|hf";

    private static final String MODEL_WORDS = "hf://, pvc://, s3://, https:// or oci://";
    private static final String DATASET_WORDS = "configmap://, pvc://, hf://, s3://, https:// or oci://";
    private static final String OUTPUT_WORDS = "pvc://, oci://, s3:// or hf://";

    private static final String HEAD = "self.matches('^(";
    private static final String TAIL = ")://[^/].*$') && !self.contains('/..')";
    private static final String FOUND = "'the URI is ' + self + '; allowed: ";
    private static final String CLUSTER =
            " followed by a name, without /..' + (self.startsWith('file:') ? '; file:// works on the command line only, a cluster cannot see your files' : '')";

    static final String MODEL_RULE = HEAD + MODEL_SCHEMES + TAIL;
    static final String MODEL_MESSAGE = FOUND + MODEL_WORDS + CLUSTER;
    static final String DATASET_RULE = HEAD + DATASET_SCHEMES + TAIL;
    static final String DATASET_MESSAGE = FOUND + DATASET_WORDS + CLUSTER;
    static final String OUTPUT_RULE = HEAD + OUTPUT_SCHEMES + TAIL;
    static final String OUTPUT_MESSAGE = FOUND + OUTPUT_WORDS + CLUSTER;

    private final List<String> schemes;

    UriSchemes(String schemes) {
        this.schemes = List.of(schemes.split("[|]"));
    }

    /** The schemes of the resource in a cluster. */
    public List<String> inCluster() {
        return schemes;
    }

    /** Whether the field may be {@code uri} on the command line, where file:///PATH is allowed as well. */
    public boolean allowsOnCommandLine(String uri) {
        if (uri.startsWith("file://")) {
            return uri.length() > "file://".length();
        }
        int colon = uri.indexOf("://");
        return colon > 0
                && schemes.contains(uri.substring(0, colon))
                && uri.length() > colon + 3
                && uri.charAt(colon + 3) != '/'
                && !uri.contains("/..");
    }
}
