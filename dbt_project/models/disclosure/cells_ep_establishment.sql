-- Most grades have one to four people in an authority: of its own there are the total, the main grade and the others
-- together. By every grade there are areas only.
with items as (
    select 'all' as item, ep_grade, true as is_for_units from {{ ref('ep_grades') }}
    union all
    select case when ep_grade = 'EP' then 'EP' else 'OTHER' end as item, ep_grade, true as is_for_units
    from {{ ref('ep_grades') }}
    union all
    select ep_grade as item, ep_grade, false as is_for_units from {{ ref('ep_grades') }}
    where ep_grade <> 'EP'
),

cell_items as (
    select distinct item, is_for_units from items
),

places as (
    select * from {{ ref('int_ep__places') }}
    where record = 'establishment'
),

-- Sums over the units that count, so that an area is always the sum of its units.
added as (
    select
        unit_places.period_label,
        unit_places.place_code,
        items.item,
        sum(establishment.headcount) as headcount,
        sum(establishment.fte) as fte,
        sum(establishment.vacancy_fte) as vacancy_fte
    from {{ ref('int_ep__unit_places') }} as unit_places
    inner join {{ ref('stg_ep_workforce__establishment') }} as establishment
        on
            unit_places.unit_code = establishment.unit_code
            and unit_places.period_label = establishment.period_label
    inner join items on establishment.ep_grade = items.ep_grade
    where unit_places.record = 'establishment' and unit_places.is_counted
    group by unit_places.period_label, unit_places.place_code, items.item
),

final as (
    select
        places.period_label as table_key,
        places.period_label,
        places.unit_code,
        cell_items.item,
        {{ cell_key(['places.period_label', 'places.unit_code', 'cell_items.item']) }} as cell_key,
        case when places.is_covered then added.headcount end as count_in_cell,
        case when not places.is_covered then 'x' end as count_status,
        case when places.is_covered then added.fte end as fte_in_cell,
        -- Posts, not people: they do not go with the count.
        case when places.is_covered then added.vacancy_fte end as vacancy_fte,
        places.units_counted,
        places.units_expected,
        places.is_synthetic
    from places
    inner join cell_items on cell_items.is_for_units or places.unit_level <> 'authority'
    left join added
        on
            places.period_label = added.period_label
            and places.unit_code = added.place_code
            and cell_items.item = added.item
)

select * from final
