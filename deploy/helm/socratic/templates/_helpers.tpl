{{- define "socratic.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Name of the Deployment, its Service and what else belongs to the operator. */}}
{{- define "socratic.operator" -}}
{{- include "socratic.fullname" . }}-operator
{{- end -}}

{{- define "socratic.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "socratic.operator" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "socratic.lease" -}}
{{- default (include "socratic.operator" .) .Values.leaderElection.leaseName -}}
{{- end -}}

{{- define "socratic.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "socratic.selectorLabels" -}}
app.kubernetes.io/name: socratic-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "socratic.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "socratic.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "socratic.monitoringLabels" -}}
{{ include "socratic.labels" . }}
{{- with .Values.monitoring.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The pod of `helm test`. */}}
{{- define "socratic.testLabels" -}}
app.kubernetes.io/name: socratic-operator-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What all our containers may do: nothing. */}}
{{- define "socratic.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "socratic.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* What the operator may do where its resources are; a test holds it to the calls that it makes. */}}
{{- define "socratic.rules" -}}
- apiGroups: [socratic.dev]
  resources: [socraticfinetunes]
  verbs: [list, watch]
- apiGroups: [socratic.dev]
  resources: [socraticfinetunes/status]
  verbs: [update]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, delete]
- apiGroups: [""]
  resources: [pods/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get]
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, create, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [list, create]
- apiGroups: [kueue.x-k8s.io]
  resources: [workloads]
  verbs: [list]
{{- end -}}
