-- One row per area, quarter, core job type and public measure: the public figure less the members', and whether it is of an
-- area.
with bases as (
    select rounding_base from reference.disclosure_products
    where product = 'public'
),

final as (
    select
        public.measure as field,
        public.unit_name || ' ' || public.period_label || ' ' || public.role_type as place,
        public.unit_level in ('inner_outer', 'london') as is_area,
        members.value is not null or public.value is null as is_members_too,
        -- Halves are rounded up; percentages move with both of their counts.
        case
            when public.measure_unit in ('assignments', 'people') then abs(public.value - members.value) / bases.rounding_base
        end as share_of_base
    from open_data_candidate.agency_measures as public
    cross join bases
    left join marts_candidate.mart_agency__measures as members
        on
            public.unit_code = members.unit_code
            and public.period_label = members.period_label
            and public.role_type = members.role_type
            and public.measure = members.measure
)

select * from final
order by field, place
