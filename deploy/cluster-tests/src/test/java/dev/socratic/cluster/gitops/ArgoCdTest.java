package dev.socratic.cluster.gitops;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.cluster.Manifests;
import dev.socratic.cluster.Program;
import dev.socratic.operator.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The two ways into Argo CD's settings hold the scripts of {@code resource_customizations}, word for word. */
class ArgoCdTest {
    private static final Path FOLDER = Program.ROOT.resolve("deploy/gitops/argocd");
    private static final String KEY = "resource.customizations.%s.socratic.dev_SocraticFineTune";

    @Test
    void configMapHasTheScripts() throws IOException {
        ObjectNode patch = JsonNodeFactory.instance.objectNode();
        patch.put("apiVersion", "v1").put("kind", "ConfigMap");
        patch.putObject("metadata").put("name", "argocd-cm").put("namespace", "argocd");
        patch.set("data", settings());
        check("argocd-cm.yaml", "kubectl patch configmap argocd-cm -n argocd --patch-file argocd-cm.yaml", patch);
    }

    @Test
    void helmValuesHaveTheScripts() throws IOException {
        ObjectNode values = JsonNodeFactory.instance.objectNode();
        values.putObject("configs").set("cm", settings());
        check(
                "helm-values.yaml",
                "helm upgrade argocd argo/argo-cd -n argocd --reuse-values -f helm-values.yaml",
                values);
    }

    private static ObjectNode settings() throws IOException {
        ObjectNode actions = JsonNodeFactory.instance.objectNode();
        actions.put("discovery.lua", script("actions/discovery.lua"));
        for (String name : List.of("suspend", "resume", "restart")) {
            actions.withArray("definitions")
                    .addObject()
                    .put("name", name)
                    .put("action.lua", script("actions/" + name + "/action.lua"));
        }
        return JsonNodeFactory.instance
                .objectNode()
                .put(KEY.formatted("health"), script("health.lua"))
                .put(KEY.formatted("actions"), Manifests.write(actions));
    }

    private static String script(String name) throws IOException {
        return Files.readString(FOLDER.resolve("resource_customizations/socratic.dev/SocraticFineTune/" + name));
    }

    private static void check(String file, String use, ObjectNode content) throws IOException {
        Golden.check(FOLDER.resolve(file), "# " + use + "\n" + Manifests.write(content));
    }
}
