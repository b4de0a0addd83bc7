-- The trainer writes a checkpoint and stops.
obj.spec.suspend = true
return obj
