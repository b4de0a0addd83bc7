package dev.socratic.trainer.model;

import static dev.socratic.trainer.model.LinearModule.DOWN_PROJ;
import static dev.socratic.trainer.model.LinearModule.GATE_PROJ;
import static dev.socratic.trainer.model.LinearModule.GATE_UP_PROJ;
import static dev.socratic.trainer.model.LinearModule.K_PROJ;
import static dev.socratic.trainer.model.LinearModule.O_PROJ;
import static dev.socratic.trainer.model.LinearModule.QKV_PROJ;
import static dev.socratic.trainer.model.LinearModule.Q_PROJ;
import static dev.socratic.trainer.model.LinearModule.UP_PROJ;
import static dev.socratic.trainer.model.LinearModule.V_PROJ;

import java.util.List;

/** Which linear layers make up a block. */
public enum Projections {
    /** One for each of queries, keys, values, gate and up. */
    SEPARATE(
            List.of(Q_PROJ, K_PROJ, V_PROJ),
            List.of(GATE_PROJ, UP_PROJ),
            List.of(Q_PROJ, K_PROJ, V_PROJ, O_PROJ, GATE_PROJ, UP_PROJ, DOWN_PROJ)),
    /** One for queries, keys and values together, one for gate and up. */
    FUSED(List.of(QKV_PROJ), List.of(GATE_UP_PROJ), List.of(O_PROJ, QKV_PROJ, GATE_UP_PROJ, DOWN_PROJ));

    private final List<LinearModule> queryKeyValue;
    private final List<LinearModule> gateUp;
    private final List<LinearModule> all;

    Projections(List<LinearModule> queryKeyValue, List<LinearModule> gateUp, List<LinearModule> all) {
        this.queryKeyValue = queryKeyValue;
        this.gateUp = gateUp;
        this.all = all;
    }

    List<LinearModule> queryKeyValue() {
        return queryKeyValue;
    }

    List<LinearModule> gateUp() {
        return gateUp;
    }

    /** All of them, in the order in which transformers declares them. */
    List<LinearModule> all() {
        return all;
    }
}
