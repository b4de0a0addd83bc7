package dev.socratic.api.v1alpha1;

import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** A fine-tuning run of a language model, as a Kubernetes resource. */
@ValidationRule(
        value = "self.metadata.name.size() <= 45",
        messageExpression =
                "'metadata.name is %s (%d characters); allowed: at most 45, so that Jobs can be named after it'"
                        + ".format([self.metadata.name, self.metadata.name.size()])")
@Group(SocraticGroup.GROUP)
@Version(SocraticGroup.VERSION)
@Kind("SocraticFineTune")
@Singular("socraticfinetune")
@Plural("socraticfinetunes")
@ShortNames("sft")
@Categories("all")
@AdditionalPrinterColumn(name = "Model", jsonPath = ".status.modelName")
@AdditionalPrinterColumn(name = "Phase", jsonPath = ".status.phase")
@AdditionalPrinterColumn(name = "Step", jsonPath = ".status.progress.display.step")
@AdditionalPrinterColumn(name = "Loss", jsonPath = ".status.progress.display.loss")
@AdditionalPrinterColumn(name = "Tok/s", jsonPath = ".status.progress.display.tokensPerSecond")
@AdditionalPrinterColumn(name = "ETA", jsonPath = ".status.progress.display.eta")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
public class SocraticFineTune extends CustomResource<SocraticFineTuneSpec, SocraticFineTuneStatus>
        implements Namespaced {
    @Override
    protected SocraticFineTuneSpec initSpec() {
        return null;
    }

    @Override
    protected SocraticFineTuneStatus initStatus() {
        return null;
    }
}
