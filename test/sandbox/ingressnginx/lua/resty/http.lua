-- Only for OCSP, which is off.
return {}
