package dev.socratic.operator.run;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A volume that a spec names by a URI, {@code pvc://CLAIM/PATH} or {@code configmap://NAME/KEY}.
 *
 * @param name the claim or ConfigMap
 * @param path path in the claim, or key of the ConfigMap; may be empty
 * @param field field of the resource that names it
 */
public record VolumeUse(Kind kind, String name, String path, String field, Access access) {
    public enum Kind {
        CLAIM("pvc://"),
        CONFIG_MAP("configmap://");

        private final String scheme;

        Kind(String scheme) {
            this.scheme = scheme;
        }
    }

    public enum Access {
        READ,
        WRITE
    }

    /** The volumes that {@code spec} names, in its order. */
    public static List<VolumeUse> of(SocraticFineTuneSpec spec) {
        List<VolumeUse> uses = new ArrayList<>();
        use(spec.model().uri(), "spec.model.uri", Access.READ).ifPresent(uses::add);
        if (spec.lora() != null) {
            use(spec.lora().initialAdapterUri(), "spec.lora.initialAdapterUri", Access.READ)
                    .ifPresent(uses::add);
        }
        use(spec.dataset().uri(), "spec.dataset.uri", Access.READ).ifPresent(uses::add);
        use(spec.dataset().evalUri(), "spec.dataset.evalUri", Access.READ).ifPresent(uses::add);
        use(spec.output().uri(), "spec.output.uri", Access.WRITE).ifPresent(uses::add);
        return List.copyOf(uses);
    }

    private static Optional<VolumeUse> use(String uri, String field, Access access) {
        for (Kind kind : Kind.values()) {
            if (uri != null && uri.startsWith(kind.scheme)) {
                String[] nameAndPath = uri.substring(kind.scheme.length()).split("/", 2);
                String path = nameAndPath.length == 2 ? nameAndPath[1] : "";
                return Optional.of(new VolumeUse(kind, nameAndPath[0], path, field, access));
            }
        }
        return Optional.empty();
    }
}
