"""What may go wrong in a network service, one class a kind; the text names the value and what would
be right."""

from __future__ import annotations

from netkit import errors


class NetworkNotFound(errors.NotFound):
    code = "network_not_found"
    template = "network {value} does not exist"


class VirtualNicNotFound(errors.NotFound):
    code = "virtual_nic_not_found"
    template = "virtual NIC {value} does not exist"


class FixedIpNotFound(errors.NotFound):
    code = "fixed_ip_not_found"
    template = "no fixed address {value} is drawn"


class SharedAddressNotFound(errors.NotFound):
    code = "shared_address_not_found"
    template = "network {network} has no shared address {value}"


class PortNotFound(errors.NotFound):
    code = "port_not_found"
    template = "port {value} does not exist"


class FloatingIpNotFound(errors.NotFound):
    code = "floating_ip_not_found"
    template = "floating address {value} does not exist"


class FloatingPoolNotFound(errors.NotFound):
    code = "floating_pool_not_found"
    template = "there is no floating pool {value}; the pools are: {known}"


class FloatingRangeNotFound(errors.NotFound):
    code = "floating_range_not_found"
    template = "there is no floating range {value}"


class InvalidCidr(errors.BadRequest):
    code = "invalid_cidr"
    template = "{field} {value} is not a usable network: {reason}"


class InvalidAddress(errors.BadRequest):
    code = "invalid_address"
    template = "{field} {value} is not an IP address"


class InvalidOption(errors.BadRequest):
    code = "invalid_value"
    template = "{field} {value} is not valid: {reason}"


class AddressOutOfRange(errors.BadRequest):
    code = "address_out_of_range"
    template = "{field} {value} is outside {cidr}"


class CidrConflict(errors.Conflict):
    code = "cidr_conflict"
    template = "{value} overlaps with {existing} of {owner}"


class InvalidVlan(errors.BadRequest):
    code = "invalid_vlan"
    template = "VLAN {value} is not valid: a VLAN id is a whole number from 1 to 4094"


class VlanInUse(errors.Conflict):
    code = "vlan_in_use"
    template = "VLAN {value} is in use{where}; leave the VLAN out to get a free one"


class NoMoreVlans(errors.Conflict):
    code = "no_more_vlans"
    template = "there are no more free VLANs{where}; the range is {first} to {last}"


class NoMoreNetworks(errors.Conflict):
    code = "no_more_networks"
    template = "there is no network for project {value}: {reason}"


class InstanceNotFound(errors.NotFound):
    code = "instance_not_found"
    template = "project {project} has no instance {value}"


class NetworkInUse(errors.Conflict):
    code = "network_in_use"
    template = "network {value} is in use: {reason}"


class NoMoreFixedIps(errors.Conflict):
    code = "no_more_addresses"
    template = "network {value} has no more addresses"


class NoMoreMacs(errors.Conflict):
    code = "no_more_mac_addresses"
    template = "there are no more MAC addresses in {value}; widen mac_range"


class FixedIpInUse(errors.Conflict):
    code = "fixed_ip_in_use"
    template = "address {value} is in use or reserved on network {network}"


class FixedIpResting(errors.Conflict):
    code = "fixed_ip_resting"
    template = "address {value} was released lately and can be had again at {until} UTC"


class MacInUse(errors.Conflict):
    code = "mac_address_in_use"
    template = "MAC address {value} belongs to another virtual NIC"


class NoMoreFloatingIps(errors.Conflict):
    code = "no_more_floating_ips"
    template = "pool {value} has no more floating addresses"


class FloatingIpInUse(errors.Conflict):
    code = "floating_ip_in_use"
    template = "floating address {value} is in use: {reason}"


class FloatingIpNotAssociated(errors.Conflict):
    code = "floating_ip_not_associated"
    template = "floating address {value} is not associated with a fixed address"


class FloatingRangeConflict(errors.Conflict):
    code = "floating_range_conflict"
    template = "{value} overlaps with the floating range {existing}"


class VirtualNicOnOtherNetwork(errors.Conflict):
    code = "virtual_nic_on_other_network"
    template = "virtual NIC {value} is on network {existing}; its ports must be on that network"


class ServiceCannot(errors.NotSupported):
    code = "not_supported"
    template = "{value} are not supported by network service {service}"


class QuotaExceeded(errors.Forbidden):
    code = "over_quota"
    template = "project {value} may have {limit} {noun}; this would make it {wanted}"
