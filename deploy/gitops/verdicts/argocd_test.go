package verdicts

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	luajson "layeh.com/gopher-json"
)

const customization = "../argocd/resource_customizations/socratic.dev/SocraticFineTune/"

type argoHealth struct{ Status, Message string }

func health(t *testing.T, resource *unstructured.Unstructured) (found argoHealth) {
	if err := json.Unmarshal(run(t, "health.lua", resource), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// Which actions are offered, and what each changes.
func TestActions(t *testing.T) {
	for name, want := range map[string]string{
		"not-seen":         "suspend",
		"pending":          "suspend",
		"running-training": "suspend",
		"blocked-secret":   "suspend",
		"suspended":        "resume",
		"succeeded":        "restart",
		"failed-model":     "restart",
	} {
		t.Run(name, func(t *testing.T) {
			var offered map[string]struct{ Disabled bool }
			if err := json.Unmarshal(run(t, "actions/discovery.lua", resources(t)[name]), &offered); err != nil {
				t.Fatal(err)
			}
			for _, action := range []string{"suspend", "resume", "restart"} {
				found, known := offered[action]
				if !known || found.Disabled == (action == want) {
					t.Errorf("%s: %v", action, offered)
				}
			}
		})
	}
	for action, want := range map[string]struct{ to, patch string }{
		"suspend": {"running-training", `^{"spec":{"suspend":true}}$`},
		"resume":  {"suspended", `^{"spec":{"suspend":false}}$`},
		"restart": {"failed-model", `^{"metadata":{"annotations":{"socratic.dev/restart":"[-0-9]+T[:0-9]+Z"}}}$`},
	} {
		t.Run(action, func(t *testing.T) {
			resource := resources(t)[want.to]
			before, err := resource.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			after := run(t, filepath.Join("actions", action, "action.lua"), resource)
			patch, err := jsonpatch.CreateMergePatch(before, after)
			if err != nil || !regexp.MustCompile(want.patch).Match(patch) {
				t.Errorf("%s %v, want %s", patch, err, want.patch)
			}
		})
	}
}

// What a script returns for a resource, as JSON, with no more of Lua's libraries than Argo CD opens for scripts of
// its users: package, base, table, and of os only time and date, by require.
func run(t *testing.T, script string, resource *unstructured.Unstructured) []byte {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable,
	} {
		state.Push(state.NewFunction(open))
		state.Push(lua.LString(name))
		state.Call(1, 0)
	}
	state.PreloadModule(lua.OsLibName, timeAndDate)
	state.SetGlobal("obj", toLua(state, resource.Object))
	if err := state.DoString(string(read(t, customization+script))); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	returned, err := luajson.Encode(state.Get(-1))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return returned
}

func timeAndDate(state *lua.LState) int {
	state.Push(state.NewFunction(lua.OpenOs))
	state.Push(lua.LString(lua.OsLibName))
	state.Call(1, 0)
	whole := state.GetGlobal(lua.OsLibName).(*lua.LTable)
	state.SetGlobal(lua.OsLibName, lua.LNil)
	part := state.NewTable()
	for _, function := range []string{"time", "date"} {
		part.RawSetString(function, whole.RawGetString(function))
	}
	state.Push(part)
	return 1
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case map[string]any:
		table := state.NewTable()
		for key, item := range value {
			table.RawSetString(key, toLua(state, item))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, item := range value {
			table.Append(toLua(state, item))
		}
		return table
	case string:
		return lua.LString(value)
	case bool:
		return lua.LBool(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	default:
		return lua.LNil
	}
}
