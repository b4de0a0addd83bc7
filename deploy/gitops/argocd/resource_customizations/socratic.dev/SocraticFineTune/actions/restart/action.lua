-- Another run of the same spec, for example after a Secret was corrected.
local os = require("os")
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["socratic.dev/restart"] = os.date("!%Y-%m-%dT%XZ")
return obj
