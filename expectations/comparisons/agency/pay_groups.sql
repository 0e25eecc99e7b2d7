-- One row per quarter, place and core job type: the assignments of all pay groups less all assignments, and the people of
-- the groups that have no group of the return's own.
with groups as (
    select
        unit_code,
        period_label,
        role_type,
        sum(count_in_cell) filter (where category like 'pay!_%' escape '!') as of_groups,
        sum(count_in_cell) filter (where category = 'all') as of_all
    from intermediate.cells_agency_assignments
    group by unit_code, period_label, role_type
    having count(*) filter (where category like 'pay!_%' escape '!') > 0
),

final as (
    select
        groups.period_label || ' ' || coalesce(units.unit_name, groups.unit_code) || ' ' || groups.role_type as place,
        groups.of_groups - groups.of_all as difference
    from groups
    left join reference.reporting_units as units on groups.unit_code = units.unit_code
    where groups.of_all is not null
)

select * from final
order by place
