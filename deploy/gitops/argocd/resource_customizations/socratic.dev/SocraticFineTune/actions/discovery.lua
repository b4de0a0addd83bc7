-- Which actions a SocraticFineTune offers now.
local suspended = obj.spec.suspend == true
local over = obj.status ~= nil and (obj.status.phase == "Succeeded" or obj.status.phase == "Failed")
return {
  suspend = { disabled = suspended or over, iconClass = "fa fa-fw fa-pause-circle" },
  resume = { disabled = not suspended, iconClass = "fa fa-fw fa-play-circle" },
  restart = { disabled = not over, iconClass = "fa fa-fw fa-redo", displayName = "Train again" },
}
