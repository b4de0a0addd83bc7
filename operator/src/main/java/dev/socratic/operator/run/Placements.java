package dev.socratic.operator.run;

import dev.socratic.api.v1alpha1.spec.PlacementSpec;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import java.util.List;
import java.util.Map;

/** The placement of a spec, which an API server that knows no defaults may leave out. */
public final class Placements {
    private static final PlacementSpec ONE_GPU =
            new PlacementSpec(1, null, null, Map.of(), Map.of(), List.of(), null, null, null, null);

    private Placements() {}

    public static PlacementSpec of(SocraticFineTuneSpec spec) {
        return spec.placement() == null ? ONE_GPU : spec.placement();
    }
}
