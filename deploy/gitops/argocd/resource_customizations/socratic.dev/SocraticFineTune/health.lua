-- Health of a SocraticFineTune, from the conditions that the operator sets (docs/operator.md).
local status = obj.status
if status == nil or status.conditions == nil or status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not seen this version of the resource yet." }
end

local holds, reason = {}, ""
for _, condition in ipairs(status.conditions) do
  holds[condition.type] = condition.status == "True"
  reason = condition.reason
end

local message = status.message
if status.phase == "Running" and status.progress ~= nil and status.progress.display ~= nil then
  local display = status.progress.display
  message = "step " .. (display.step or "?")
  if display.loss ~= nil then
    message = message .. ", loss " .. display.loss
  end
  if display.eta ~= nil then
    message = message .. ", " .. display.eta .. " left"
  end
end
if reason ~= status.phase then
  message = reason .. ": " .. message
end

if holds.Stalled then
  return { status = "Degraded", message = message }
elseif holds.Ready then
  return { status = "Healthy", message = message }
elseif status.phase == "Suspended" then
  return { status = "Suspended", message = message }
end
return { status = "Progressing", message = message }
